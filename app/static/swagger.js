// Starts Swagger UI: in a file of its own, since no page of this site runs scripts that stand in it.
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({ url: place.dataset.document, domNode: place, deepLinking: true, validatorUrl: null });
