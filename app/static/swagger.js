// Starts Swagger UI: in a file of its own, since the pages' policy forbids inline scripts.
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({ url: place.dataset.document, domNode: place, deepLinking: true, validatorUrl: null });
