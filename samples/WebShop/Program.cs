// A web application that passes orders on to a worker, and says whether it has them.
//
//   dotnet run --project samples/HostedWorker
//   dotnet run --project samples/WebShop -- --urls http://127.0.0.1:8080
//   curl -d '{"thing":"pears","count":2}' -H 'Content-Type: application/json' http://127.0.0.1:8080/orders
//   curl http://127.0.0.1:8080/health

using System.Text.Json.Serialization;
using Fairlead;
using Fairlead.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.ConfigureHttpJsonOptions(static options => options.SerializerOptions.TypeInfoResolverChain.Add(ShopJson.Default));
builder.Services.AddHealthChecks().AddFairlead();
builder.Services.AddFairlead().AddSender("orders", options => options.Address = "unix://shop");
WebApplication app = builder.Build();

app.MapHealthChecks("/health");
app.MapPost(
    "/orders",
    static async (Order order, [FromKeyedServices("orders")] HostedEndpoint<Sender> orders, CancellationToken cancellationToken) =>
    {
        try
        {
            // The first order connects, and the first one after the worker was restarted.
            Sender sender = await orders.GetAsync(cancellationToken);
            Delivery delivery = await sender.DeliverAsync(
                order, ShopJson.Default.Order, timeout: TimeSpan.FromSeconds(5), cancellationToken);
            return delivery switch
            {
                { IsDelivered: true } => Results.Accepted(),

                // Without a cause it is the worker itself that has refused the order. With one, it has ended, or did not answer in time.
                { Cause: null } => Results.Problem($"{delivery}", statusCode: StatusCodes.Status422UnprocessableEntity),
                _ => Results.Problem($"{sender.Address}: {delivery}", statusCode: StatusCodes.Status503ServiceUnavailable),
            };
        }
        catch (FairleadException problem)
        {
            return Results.Problem(problem.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    });
await app.RunAsync();

internal sealed record Order(string Thing, int Count);

[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class ShopJson : JsonSerializerContext;
