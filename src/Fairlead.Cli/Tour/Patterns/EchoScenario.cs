using System.Diagnostics;
using Fairlead.Cli.Services;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>
/// The echo service of <c>fairlead serve</c>: stream sockets and FIFOs carry plain bytes, the other transports messages. The time is that
/// of the round trip.
/// </summary>
internal sealed class EchoScenario : TalkScenario
{
    public override string Name => "echo";

    public override string Title => "service: echo";

    public override bool JoinersSend => true;

    public override string? Refusal(string scheme) => scheme == "fd" ? "it is one connection, and clients come to a service" : null;

    public override async Task BindAsync(Stage stage, Address address)
    {
        Service service = new(ServiceKind.Echo, TimeZoneInfo.Utc);
        using ServiceServer server = new(service, ServeMode.Multiplexed, workers: null, once: false, isVerbose: false);
        var bound = server.Listen(Served(address));
        var serving = Task.Factory.StartNew(() => server.Run(stage.Finished), TaskCreationOptions.LongRunning);
        await stage.ReadyAsync((bound.Port is { } port ? address.WithPort(port) : address).ToString());
        try
        {
            await serving;
        }
        catch (OperationCanceledException) when (stage.Finished.IsCancellationRequested)
        {
            // The client has had all its answers.
        }
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        var plain = address.Scheme is "tcp" or "tls" or "unix" or "fifo" ? address.With("framing", "none") : Served(address);
        await using var pair = await Pair.ConnectAsync(plain, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(address.ToString());
        var buffer = Envelope.BufferFor(stage.Input);
        var answer = new byte[buffer.Length];
        for (var i = 0; i < stage.Messages; i++)
        {
            var length = Envelope.Pack(stage.Input, i, buffer).Length;
            var start = Stopwatch.GetTimestamp();

            // A long message does not fit into the buffers between: its answer begins before its end is sent.
            var sending = pair.SendAsync(buffer.AsMemory(0, length), stage.Aborted);
            for (var heard = 0; heard < length;)
            {
                using var piece = pair.Receive(null, stage.Aborted);
                if (heard + piece.Length > length)
                {
                    throw new ToolException(ExitCode.Failure, $"message {i} of {length} bytes came back with {heard + piece.Length}");
                }

                piece.Span.CopyTo(answer.AsSpan(heard));
                heard += piece.Length;
                piece.Accept();
            }

            await sending;
            stage.Measure(Stopwatch.GetElapsedTime(start));
            tally.Add(answer.AsSpan(0, length));
        }

        stage.HasSent();
        await Closing.CompleteAsync(pair);
        stage.Report(tally, Share.All);
    }

    /// <summary>Messages of the input are longer than packets of this transport may be, unless Fairlead frames them.</summary>
    private static Address Served(Address address) => address.Scheme == "unixpacket" ? address.With("framing", "fairlead") : address;
}
