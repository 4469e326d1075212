"""What an estimator's name means, for people who read a model's card."""

METHODS = {
    "LogisticRegression": ("Regresión logística: una suma ponderada, convertida en probabilidades",
                           "Logistic regression: a weighted sum, turned into probabilities"),
    "LinearRegression": ("Regresión lineal: una suma ponderada", "Linear regression: a weighted sum"),
    "Ridge": ("Regresión lineal con los pesos contenidos", "Linear regression with its weights kept small"),
    "Lasso": ("Regresión lineal que deja de lado lo que apenas influye",
              "Linear regression that leaves out what hardly matters"),
    "ElasticNet": ("Regresión lineal con los pesos contenidos", "Linear regression with its weights kept small"),
    "DecisionTree": ("Árbol de decisión: una serie de preguntas", "Decision tree: a series of questions"),
    "RandomForest": ("Bosque aleatorio: el resultado conjunto de muchos árboles de decisión",
                     "Random forest: what many decision trees say together"),
    "ExtraTrees": ("Bosque de árboles de decisión muy aleatorios: su resultado conjunto",
                   "Forest of very random decision trees: what they say together"),
    "GradientBoosting": ("Árboles de decisión en cadena: cada uno corrige los anteriores",
                         "Boosted decision trees: each corrects those before it"),
    "AdaBoost": ("Modelos sencillos en cadena: cada uno atiende a los errores de los anteriores",
                 "Simple models in a chain: each attends to the errors of those before it"),
    "KNeighbors": ("Vecinos más próximos: lo que ocurrió en los casos más parecidos",
                   "Nearest neighbours: what happened in the most similar cases"),
    "SVC": ("Máquina de vectores de soporte: la frontera más ancha entre las clases",
            "Support vector machine: the widest border between the classes"),
    "SVR": ("Máquina de vectores de soporte, para números", "Support vector machine, for numbers"),
    "NB": ("Bayes ingenuo: cada propiedad cuenta por separado", "Naive Bayes: each property counts by itself"),
    "MLP": ("Red neuronal", "Neural network"),
    "TransformedTarget": ("Modelo que calcula en otra escala, por ejemplo la logarítmica, y deshace el cambio",
                          "Model that computes on another scale, such as a logarithm's, and converts back"),
    "SearchCV": ("El mejor de varios modelos que se probaron", "The best of several models that were tried"),
    "Voting": ("Varios modelos que votan", "Several models that vote"),
    "Stacking": ("Varios modelos, y otro que combina sus resultados",
                 "Several models, and one that combines what they say"),
    "Bagging": ("Muchos modelos, cada uno entrenado con una parte de los datos",
                "Many models, each trained on a part of the data"),
    "KMeans": ("Grupos: el centro más cercano", "Groups: the nearest centre"),
    "MeanShift": ("Grupos: el centro más cercano", "Groups: the nearest centre"),
    "GaussianMixture": ("Grupos en forma de campana, con la probabilidad de cada uno",
                        "Bell-shaped groups, with the probability of each"),
    "IsolationForest": ("Detector de casos raros: lo pronto que unas preguntas al azar apartan un caso de los demás",
                        "Outlier detector: how soon random questions set a case apart from the others"),
    "OneClassSVM": ("Detector de casos raros: la frontera en torno a los casos normales",
                    "Outlier detector: the border around ordinary cases"),
    "LocalOutlierFactor": ("Detector de casos raros: lo aislado que está un caso frente a sus vecinos",
                           "Outlier detector: how isolated a case is compared with its neighbours"),
    "Dummy": ("Referencia que no mira los datos", "Baseline that doesn't look at the data"),
}  # fmt: skip
"""Part of a class's name → what it means, in Spanish and in English."""


def method(estimator: str) -> dict[str, str]:
    """Return what an estimator is, in words where they are known, with its technical name.

    Args:
        estimator: names of classes, as `introspection.describe` has them: ``StandardScaler → Ridge``.
    """
    last = estimator.rpartition(" → ")[2]
    for name, (es, en) in METHODS.items():
        if name in last:
            return {"es": f"{es} ({estimator})", "en": f"{en} ({estimator})"}
    return {"es": estimator, "en": estimator}
