// Show the API's description with Swagger UI, which the page loaded before.
const place = document.getElementById('reference')
SwaggerUIBundle({ url: place.dataset.openapi, domNode: place, deepLinking: true, tryItOutEnabled: true })
