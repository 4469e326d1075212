"""Compiles estimators of scikit-learn to ONNX graphs that give the same answers."""
