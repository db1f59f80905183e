[assembly: TestFramework("Fairlead.Tests.SkippingFramework", "Fairlead.RabbitMQ.Tests")]
