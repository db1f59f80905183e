using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting.Tests;

/// <summary>How endpoints start, return after a loss, and stop with their host.</summary>
public sealed class LifetimeTests
{
    private readonly string _name = Hosts.NewName();

    [Fact]
    public async Task A_stop_waits_for_running_handlers_and_returns_unread_messages_to_the_sender()
    {
        LogList log = new();
        using IHost host = Hosts.Make(builder => builder.AddReceiver<TextHandler>("in"), log, (Hosts.AddressOf("in"), $"unix://{_name}"));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        await using Sender sender = await Sender.ConnectAsync($"unix://{_name}");
        ValueTask<Delivery> running = sender.DeliverAsync("wait"u8, Hosts.Limit);
        Assert.Equal("wait", await seen.NextAsync());
        ValueTask<Delivery> waiting = sender.DeliverAsync("unread"u8, Hosts.Limit);

        Task stopped = host.StopAsync();
        await log.ForEventAsync(8);
        seen.Gate.SetResult();
        await stopped;

        Assert.Equal("done", await seen.NextAsync());
        Assert.Equal(DeliveryStatus.Delivered, (await running).Status);
        Assert.Equal(DeliveryStatus.NotDelivered, (await waiting).Status);
    }

    [Fact]
    public async Task Handlers_are_cancelled_at_the_close_timeout()
    {
        LogList log = new();
        using IHost host = Hosts.Make(
            builder => builder.AddReceiver<TextHandler>("in", static options => options.CloseTimeout = 50.Milliseconds()),
            log,
            (Hosts.AddressOf("in"), $"unix://{_name}"));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        await using Sender sender = await Sender.ConnectAsync($"unix://{_name}");
        ValueTask<Delivery> running = sender.DeliverAsync("wait"u8, Hosts.Limit);
        Assert.Equal("wait", await seen.NextAsync());

        await host.StopAsync();

        Assert.Equal("cancelled", await seen.NextAsync());
        Assert.NotEqual(DeliveryStatus.Delivered, (await running).Status);
        Assert.Contains(log.OfHost, static entry => entry.Event == 7);
    }

    [Fact]
    public async Task Handlers_are_cancelled_at_the_shutdown_timeout_of_the_host()
    {
        using IHost host = Hosts.Make(
            builder =>
            {
                builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = 50.Milliseconds());
                builder.AddReceiver<TextHandler>("in", static options => options.CloseTimeout = Hosts.Limit);
            },
            (Hosts.AddressOf("in"), $"unix://{_name}"));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        await using Sender sender = await Sender.ConnectAsync($"unix://{_name}");
        await sender.SendAsync("wait"u8);
        Assert.Equal("wait", await seen.NextAsync());

        Task stopped = host.StopAsync();

        Assert.Equal("cancelled", await seen.NextAsync());
        await Record.ExceptionAsync(() => stopped.WaitAsync(Hosts.Limit));
    }

    [Fact]
    public async Task The_shutdown_timeout_of_the_host_limits_closing()
    {
        await using Receiver idle = await Receiver.BindAsync($"unix://{_name}");
        using IHost host = Hosts.Make(
            builder =>
            {
                builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = 50.Milliseconds());
                builder.AddSender("out", static options => options.CloseTimeout = 10 * Hosts.Limit);
            },
            (Hosts.AddressOf("out"), $"unix://{_name}"));
        await host.StartAsync();
        Sender sender = await host.Endpoint<Sender>("out").GetAsync();
        await sender.SendAsync("unread"u8);

        await Record.ExceptionAsync(() => host.StopAsync().WaitAsync(Hosts.Limit));

        EndpointEnd end = await sender.Completion.WaitAsync(Hosts.Limit);
        Assert.Equal(1, end.Report.Sent);
        Assert.Equal(0, end.Report.Acknowledged);
    }

    [Fact]
    public async Task A_handler_that_finishes_during_the_stop_can_still_send()
    {
        LogList log = new();
        await using Receiver last = await Receiver.BindAsync($"unix://{_name}-last");
        using IHost host = Hosts.Make(
            builder => builder.AddReceiver<ForwardingHandler>("in").AddSender("out"),
            log,
            (Hosts.AddressOf("in"), $"unix://{_name}"),
            (Hosts.AddressOf("out"), $"unix://{_name}-last"));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        await using Sender sender = await Sender.ConnectAsync($"unix://{_name}");
        await sender.SendAsync("hello"u8);
        Assert.Equal("hello", await seen.NextAsync());

        Task stopped = host.StopAsync();
        await log.ForEventAsync(8);
        seen.Gate.SetResult();

        using (Message forwarded = await last.ReceiveAsync(Hosts.Limit))
        {
            Assert.Equal("hello", forwarded.Text);
        }

        await stopped;
    }

    [Fact]
    public async Task A_taken_name_fails_the_start()
    {
        await using Receiver holder = await Receiver.BindAsync($"unix://{_name}");
        using IHost host = Hosts.Make(builder => builder.AddReceiver<TextHandler>("in"), (Hosts.AddressOf("in"), $"unix://{_name}"));

        FairleadException taken = await Assert.ThrowsAsync<FairleadException>(() => host.StartAsync());

        Assert.Equal(ErrorCode.AlreadyExists, taken.Code);
    }

    [Fact]
    public async Task A_missing_dependency_of_a_handler_fails_the_start()
    {
        using IHost host = Hosts.Make(builder => builder.AddReceiver<NeedyHandler>("in"), (Hosts.AddressOf("in"), $"unix://{_name}"));

        InvalidOperationException missing = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());

        Assert.StartsWith("The handler NeedyHandler of the endpoint 'in' cannot be made:", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subscriber_starts_before_its_publisher_and_reconnects_when_it_restarts()
    {
        using IHost host = Hosts.Make(
            builder => builder.AddSubscriber<TopicHandler>("prices", static options => options.MaxRetryDelay = options.RetryDelay),
            (Hosts.AddressOf("prices"), $"unix://{_name}"));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        for (int life = 1; life <= 3; life++)
        {
            await using Publisher publisher = await Publisher.BindAsync($"unix://{_name}");
            await publisher.WaitForSubscribersAsync("a", 1, Hosts.Limit);
            await publisher.PublishAsync("a", [(byte)('0' + life)]);

            Assert.Equal($"a={life}", await seen.NextAsync());
        }

        await host.StopAsync();
    }

    [Fact]
    public async Task A_sender_reconnects_to_a_restarted_receiver()
    {
        using IHost host = Hosts.Make(builder => builder.AddSender("out"), (Hosts.AddressOf("out"), $"unix://{_name}"));
        await host.StartAsync();
        HostedEndpoint<Sender> endpoint = host.Endpoint<Sender>("out");
        Sender? former = null;
        for (int life = 1; life <= 3; life++)
        {
            await using Receiver receiver = await Receiver.BindAsync($"unix://{_name}");
            Sender sender = await endpoint.GetAsync();
            Assert.NotSame(former, sender);
            await sender.SendAsync("hello"u8);
            using (Message message = await receiver.ReceiveAsync(Hosts.Limit))
            {
                Assert.Equal("hello", message.Text);
            }

            former = sender;
            await receiver.CloseAsync();
            await sender.Completion.WaitAsync(Hosts.Limit);
        }

        await host.StopAsync();
    }

    [Fact]
    public async Task Health_names_the_endpoint_that_cannot_be_opened()
    {
        using IHost host = Hosts.Make(
            builder => builder.AddReceiver<TextHandler>("in").AddSender("out"),
            (Hosts.AddressOf("in"), $"unix://{_name}"),
            (Hosts.AddressOf("out"), $"unix://{_name}-nobody"));
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);

        await Assert.ThrowsAsync<FairleadException>(async () => await host.Endpoint<Sender>("out").GetAsync());

        HealthReport report = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Contains("sender 'out':", report.Entries["fairlead"].Description, StringComparison.Ordinal);
        Assert.Equal("0 peers, 0 messages wait", report.Entries["fairlead"].Data["in"]);
        await host.StopAsync();
    }

    /// <summary>A caller that was told of the loss must not read that all is well.</summary>
    [Fact]
    public async Task Health_is_unhealthy_as_soon_as_a_sender_reports_the_loss()
    {
        using IHost host = Hosts.Make(builder => builder.AddSender("out"), (Hosts.AddressOf("out"), $"unix://{_name}"));
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        for (int life = 0; life < 20; life++)
        {
            await using Receiver receiver = await Receiver.BindAsync($"unix://{_name}");
            Sender sender = await host.Endpoint<Sender>("out").GetAsync();
            Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
            Task<Delivery> unread = sender.DeliverAsync("hello"u8, Hosts.Limit).AsTask();

            await receiver.CloseAsync();
            Assert.False((await unread).IsDelivered);

            HealthReport lost = await health.CheckHealthAsync();
            Assert.Equal(HealthStatus.Unhealthy, lost.Status);
            Assert.EndsWith("opens again at its next use", lost.Entries["fairlead"].Description, StringComparison.Ordinal);
            await sender.Completion.WaitAsync(Hosts.Limit);
            Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
        }

        await host.StopAsync();
    }

    [Fact]
    public async Task Health_is_degraded_while_too_many_messages_wait()
    {
        using IHost host = Hosts.Make(
            builder => builder.AddReceiver<TextHandler>("in", static options => options.MaxQueueDepth = 2),
            (Hosts.AddressOf("in"), $"inproc://{_name}"));
        await host.StartAsync();
        Seen seen = host.Services.GetRequiredService<Seen>();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        await using Sender sender = await Sender.ConnectAsync($"inproc://{_name}");
        await sender.SendAsync("wait"u8);
        Assert.Equal("wait", await seen.NextAsync());
        for (int i = 0; i < 5; i++)
        {
            await sender.SendAsync("more"u8);
        }

        HealthReport report;
        do
        {
            await Task.Yield();
            report = await health.CheckHealthAsync();
        }
        while (report.Status == HealthStatus.Healthy);

        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.EndsWith("and at most 2 may", report.Entries["fairlead"].Description, StringComparison.Ordinal);
        seen.Gate.SetResult();
        await host.StopAsync();
    }
}
