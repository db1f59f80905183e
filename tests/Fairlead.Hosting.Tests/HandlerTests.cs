using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fairlead.Hosting.Tests;

/// <summary>Messages and requests reach their handlers, and the answers come back.</summary>
public sealed class HandlerTests
{
    private readonly string _name = Hosts.NewName();

    [Fact]
    public async Task Each_message_has_a_handler_in_a_scope_of_its_own()
    {
        using IHost host = await OrdersAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        int before = seen.Scopes;
        await using Sender sender = await Sender.ConnectAsync($"unix://{_name}");

        Assert.Equal(DeliveryStatus.Delivered, await OrderAsync(sender, new Order("apples", 3)));
        Assert.Equal(DeliveryStatus.Delivered, await OrderAsync(sender, new Order("pears", 4)));

        Assert.Equal($"{before + 1}: 3 apples", await seen.NextAsync());
        Assert.Equal($"{before + 2}: 4 pears", await seen.NextAsync());
        await host.StopAsync();
        Assert.Equal(seen.Scopes, seen.Disposed);
    }

    [Fact]
    public async Task A_handler_that_throws_rejects_its_message_and_the_next_message_is_handled()
    {
        LogList log = new();
        using IHost host = Hosts.Make(builder => builder.AddReceiver<TextHandler>("in"), log, (Hosts.AddressOf("in"), $"unix://{_name}"));
        await host.StartAsync();
        await using Sender sender = await Sender.ConnectAsync($"unix://{_name}");

        Delivery failed = await sender.DeliverAsync("fail"u8, Hosts.Limit);
        Delivery next = await sender.DeliverAsync("next"u8, Hosts.Limit);

        Assert.Equal((DeliveryStatus.NotDelivered, DeliveryStatus.Delivered), (failed.Status, next.Status));
        Assert.Equal("the handler threw InvalidOperationException", failed.Reason);
        await host.StopAsync();
        LogList.Entry failure = Assert.Single(log.OfHost, static entry => entry.Event == 4);
        Assert.StartsWith("The handler TextHandler of the endpoint 'in' failed", failure.Text, StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(failure.Exception);
    }

    [Fact]
    public async Task A_message_that_is_not_JSON_is_rejected()
    {
        using IHost host = await OrdersAsync();
        await using Sender sender = await Sender.ConnectAsync($"unix://{_name}");

        Assert.Equal(DeliveryStatus.NotDelivered, (await sender.DeliverAsync("{"u8, Hosts.Limit)).Status);

        Assert.Equal(DeliveryStatus.Delivered, await OrderAsync(sender, new Order("pears", 4)));
    }

    [Fact]
    public async Task A_request_is_answered_with_a_value_or_with_the_error_of_the_handler()
    {
        LogList log = new();
        using IHost host = Hosts.Make(
            builder => builder.AddResponder<Order, Quote, QuoteHandler>("quotes", ShopJson.Default.Order, ShopJson.Default.Quote),
            log,
            (Hosts.AddressOf("quotes"), $"unix://{_name}"));
        await host.StartAsync();
        await using Requester requester = await Requester.ConnectAsync($"unix://{_name}");

        using (Message reply = await requester.RequestAsync(new Order("apples", 3), ShopJson.Default.Order, Hosts.Limit))
        {
            Assert.Equal(1.5m, reply.Read(ShopJson.Default.Quote)!.Price);
        }

        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () =>
            await requester.RequestAsync(new Order("apples", 0), ShopJson.Default.Order, Hosts.Limit));
        FairleadException failed = await Assert.ThrowsAsync<FairleadException>(async () =>
            await requester.RequestAsync(new Order("apples", -1), ShopJson.Default.Order, Hosts.Limit));

        Assert.Equal((ErrorCode.TooLarge, ErrorCode.Failed), (refused.Code, failed.Code));
        Assert.DoesNotContain("secret", failed.Message, StringComparison.Ordinal);
        Assert.Single(log.OfHost, static entry => entry.Event == 4);
    }

    [Fact]
    public async Task A_request_may_be_bytes()
    {
        using IHost host = Hosts.Make(builder => builder.AddResponder<EchoHandler>("echo"), (Hosts.AddressOf("echo"), $"unix://{_name}"));
        await host.StartAsync();
        await using Requester requester = await Requester.ConnectAsync($"unix://{_name}");

        using Message reply = await requester.RequestAsync("hello"u8, Hosts.Limit);

        Assert.Equal("hello", reply.Text);
    }

    [Fact]
    public async Task A_subscriber_gets_the_topics_of_its_settings()
    {
        await using Publisher publisher = await Publisher.BindAsync($"unix://{_name}");
        using IHost host = Hosts.Make(
            builder => builder.AddSubscriber<TopicHandler>("prices"),
            ($"ConnectionStrings:prices", $"unix://{_name}"),
            ("Fairlead:Endpoints:prices:Topics", "eu.>"));
        await host.StartAsync();
        await publisher.WaitForSubscribersAsync("eu.bond", 1, Hosts.Limit);

        await publisher.PublishAsync("us.bond", "1"u8);
        await publisher.PublishAsync("eu.bond", "2"u8);

        Assert.Equal("eu.bond=2", await host.Services.GetRequiredService<Seen>().NextAsync());
        await host.StopAsync();
    }

    [Fact]
    public async Task One_host_can_contain_a_queue_its_workers_and_its_sender()
    {
        using IHost host = Hosts.Make(
            builder => builder.AddWorkQueue("queue").AddWorker<TextHandler>("worker").AddSender("jobs"),
            (Hosts.AddressOf("queue"), $"unix://{_name}"),
            (Hosts.AddressOf("worker"), $"unix://{_name}"),
            (Hosts.AddressOf("jobs"), $"unix://{_name}"));
        await host.StartAsync();
        HostedEndpoint<Sender> jobs = host.Endpoint<Sender>("jobs");
        Assert.Null(jobs.Current);

        Sender sender = await jobs.GetAsync();
        Delivery delivery = await sender.DeliverAsync("one"u8, Hosts.Limit);

        Assert.Equal(DeliveryStatus.Delivered, delivery.Status);
        Assert.Same(sender, await jobs.GetAsync());
        await host.StopAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await jobs.GetAsync());
    }

    [Fact]
    public async Task The_log_has_the_events_of_the_library()
    {
        LogList log = new();
        using IHost host = Hosts.Make(builder => builder.AddReceiver<TextHandler>("in"), log, (Hosts.AddressOf("in"), $"unix://{_name}"));
        await host.StartAsync();
        await using Sender sender = await Sender.ConnectAsync($"unix://{_name}");
        Assert.Equal(DeliveryStatus.Delivered, (await sender.DeliverAsync("one"u8, Hosts.Limit)).Status);

        await host.StopAsync();

        Assert.Contains(
            log.OfLibrary,
            entry => entry.Event == 1 && entry.Text.StartsWith($"unix://{_name}: connected with pid ", StringComparison.Ordinal));
    }

    private async Task<IHost> OrdersAsync()
    {
        IHost host = Hosts.Make(
            builder =>
            {
                builder.Services.AddScoped<Seen.Scope>();
                builder.AddReceiver<Order, OrderHandler>("orders", ShopJson.Default.Order);
            },
            (Hosts.AddressOf("orders"), $"unix://{_name}"));
        await host.StartAsync();
        return host;
    }

    private static async Task<DeliveryStatus> OrderAsync(Sender sender, Order order) =>
        (await sender.DeliverAsync(order, ShopJson.Default.Order, Hosts.Limit)).Status;
}
