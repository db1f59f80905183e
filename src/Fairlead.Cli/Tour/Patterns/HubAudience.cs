using System.Globalization;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>The clients of the hub, as the server sees them: they join, name their seat, echo, and leave.</summary>
internal sealed class HubAudience(Stage stage, int count) : IDisposable
{
    private readonly Dictionary<HubClient, int> _seats = [];
    private readonly HubClient[] _clients = new HubClient[count];
    private readonly Tally[] _toAll = [.. Enumerable.Range(0, count).Select(_ => stage.NewTally())];
    private readonly Tally[] _toOne = [.. Enumerable.Range(0, count).Select(_ => stage.NewTally())];
    private readonly TaskCompletionSource _allHere = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called for each message that comes back.</summary>
    public Action? Echoed { get; set; }

    /// <summary>Returns the share of the input that is sent to one client only.</summary>
    public static Share ShareOf(int seat, int count) => new(seat - 1, count);

    public Task AllHereAsync() => _allHere.Task.WaitAsync(stage.Aborted);

    public HubClient Seated(int seat) => _clients[seat - 1];

    /// <summary>Listens until all clients have left. A failure here ends the sending too.</summary>
    public async Task ListenAsync(Hub hub)
    {
        try
        {
            var left = 0;
            await foreach (var happened in hub.Events(stage.Aborted))
            {
                if (happened is HubEvent.Said said)
                {
                    Hear(said.Client, said.Message.Span);
                }
                else if (happened is HubEvent.Left gone && LeavesInTime(gone) && ++left == count)
                {
                    return;
                }
            }
        }
        catch
        {
            stage.Abort();
            throw;
        }
    }

    /// <summary>Reports what each client has echoed.</summary>
    public void Report()
    {
        for (var i = 0; i < count; i++)
        {
            stage.Report(_toAll[i], Share.All);
            stage.Report(_toOne[i], ShareOf(i + 1, count));
        }
    }

    public void Dispose()
    {
        foreach (var tally in _toAll.Concat(_toOne))
        {
            tally.Dispose();
        }
    }

    private bool LeavesInTime(HubEvent.Left gone) =>
        stage.FinishesSoon() ? true : throw new ToolException(ExitCode.Failure, $"{gone.Client} left: {gone.Reason}");

    private void Hear(HubClient client, ReadOnlySpan<byte> message)
    {
        if (!_seats.TryGetValue(client, out var seat))
        {
            seat = int.Parse(message, CultureInfo.InvariantCulture);
            _seats.Add(client, seat);
            _clients[seat - 1] = client;
            if (_seats.Count == count)
            {
                _allHere.SetResult();
            }

            return;
        }

        var isToOne = Envelope.Read(message)?.Stream == HubScenario.ToOne;
        if ((isToOne ? _toOne : _toAll)[seat - 1].Add(message) is { } envelope)
        {
            stage.Measure(envelope.Age);
        }

        Echoed?.Invoke();
    }
}
