using System.Globalization;
using System.Text;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>
/// One server and three clients: each message goes to all, and to one of them in turn, and each client echoes what it receives. The time is
/// that from sending to the echo.
/// </summary>
internal sealed class HubScenario : TalkScenario
{
    /// <summary>The stream of messages to all clients.</summary>
    public const int ToAll = 0;

    /// <summary>The stream of messages to one client.</summary>
    public const int ToOne = 1;

    private const int BytesOnTheirWay = 256 * 1024;

    public override string Name => "hub";

    public override string Title => $"hub, {Joiners} clients";

    public override int Joiners => 3;

    public override bool BinderSends => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var hub = Hub.Bind(address, new() { HandshakeTimeout = IntroductionTime });
        using var audience = new HubAudience(stage, Joiners);
        var listening = audience.ListenAsync(hub);
        try
        {
            await stage.ReadyAsync(hub);
            await audience.AllHereAsync();
            await SendAsync(stage, hub, audience);
            stage.HasSent();
        }
        catch (OperationCanceledException) when (listening.IsFaulted)
        {
            // The failure there ended this, and is reported below.
        }

        await listening;
        audience.Report();
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var pair = await Pair.ConnectAsync(address, Patient);
        using var toAll = stage.NewTally();
        using var toOne = stage.NewTally();
        await pair.SendAsync(Encoding.UTF8.GetBytes(seat.ToString(CultureInfo.InvariantCulture)).AsSpan(), stage.Aborted);
        await stage.ReadyAsync(pair);
        Arrivals.Take(stage, pair.Receive, pair.TryReceive, message =>
        {
            (Envelope.Read(message.Span)?.Stream == ToOne ? toOne : toAll).Add(message.Span);
            pair.Send(message.Span, cancellationToken: stage.Aborted);
        });
        await Closing.CompleteAsync(pair);
        stage.Report(toAll, Share.All);
        stage.Report(toOne, HubAudience.ShareOf(seat, Joiners));
    }

    /// <summary>
    /// Sends. A broadcast never waits, and disconnects a full client: so the messages in flight stay well below that limit.
    /// </summary>
    private async Task SendAsync(Stage stage, Hub hub, HubAudience audience)
    {
        var window = Joiners * Math.Clamp(BytesOnTheirWay / (Envelope.Size + stage.Input.Cut.Longest), 1, 32);
        using var room = new SemaphoreSlim(window);
        audience.Echoed = () => room.Release();
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            await TakeAsync(Joiners);
            var reached = hub.Broadcast(Envelope.Pack(stage.Input, i, buffer, ToAll));
            if (reached != Joiners)
            {
                throw new ToolException(ExitCode.Failure, $"message {i} went to {reached} of {Joiners} clients");
            }

            await TakeAsync(1);
            await hub.SendAsync(audience.Seated(1 + (i % Joiners)), Envelope.Pack(stage.Input, i, buffer, ToOne), stage.Aborted);
        }

        // Until the last echo has arrived.
        await TakeAsync(window);

        async Task TakeAsync(int count)
        {
            for (; count > 0; count--)
            {
                await room.WaitAsync(stage.Aborted);
            }
        }
    }
}
