using System.Diagnostics;
using Fairlead.Rpc;
using Calls = Fairlead.Rpc.Rpc;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>Remote procedure calls: a server with a contract, and a client that calls one kind of its members.</summary>
internal abstract class CallScenario : TalkScenario
{
    public sealed override bool JoinersSend => true;

    public sealed override async Task BindAsync(Stage stage, Address address)
    {
        using TourService service = new(stage);
        await using (var server = await Calls.ServeAsync<ITourService>(address.ToString(), service))
        {
            await stage.ReadyAsync(server.Addresses[0].ToString());
            await Task
                .Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stage.Finished)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        service.Report();
    }

    public sealed override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var client = await Calls.ConnectAsync<ITourService>(address.ToString(), cancellationToken: stage.Aborted);
        using Tally tally = stage.NewTally();
        await stage.ReadyAsync(address.ToString());
        await CallAsync(stage, client.Service, tally);
        stage.Report(tally, Share.All);
        stage.HasSent();
    }

    /// <summary>Calls, and counts what arrives at the client.</summary>
    protected abstract Task CallAsync(Stage stage, ITourService service, Tally tally);
}

/// <summary>A blocking call, whose result is its argument. The time is that of the round trip.</summary>
internal sealed class UnaryCallScenario : CallScenario
{
    public override string Name => "call";

    public override string Title => "rpc: call";

    protected override Task CallAsync(Stage stage, ITourService service, Tally tally)
    {
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            var length = Envelope.Pack(stage.Input, i, buffer).Length;
            var start = Stopwatch.GetTimestamp();
            var result = service.Echo(buffer.AsMemory(0, length));
            stage.Measure(Stopwatch.GetElapsedTime(start));
            tally.Add(result.Span);
        }

        return Task.CompletedTask;
    }
}

/// <summary>Two calls at the same time: the parameter of one is a stream, and so is the result of the other.</summary>
/// <remarks>The time is that from sending to arrival.</remarks>
internal sealed class CallStreamScenario : CallScenario
{
    public override string Name => "call-stream";

    public override string Title => "rpc: stream each way";

    protected override async Task CallAsync(Stage stage, ITourService service, Tally tally)
    {
        var taken = service.TakeAsync(CallStreams.InputAsync(stage), stage.Aborted).AsTask();
        await Task.WhenAll(CallStreams.CountAsync(stage, tally, service.SendAsync(), stage.Aborted), taken);
        var count = await taken;
        if (count != stage.Messages)
        {
            throw new ToolException(ExitCode.Failure, $"the server took {count} messages of {stage.Messages}");
        }
    }
}

/// <summary>The server calls an object of its client. The time is that of the round trip.</summary>
internal sealed class CallbackScenario : CallScenario
{
    public override string Name => "callback";

    public override string Title => "rpc: callback";

    protected override async Task CallAsync(Stage stage, ITourService service, Tally tally) =>
        await service.CallBackAsync(new Target(tally), stage.Aborted);

    private sealed class Target(Tally tally) : ITourObject
    {
        public ValueTask<ReadOnlyMemory<byte>> EchoAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
        {
            tally.Add(message.Span);
            return new(message);
        }
    }
}
