using Fairlead.Memory;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>The code of docs/memory.md about boards.</summary>
public sealed class BoardSnippets : IDisposable
{
    private readonly List<Speed> _shown = [];
    private readonly List<string> _logged = [];
    private readonly TaskCompletionSource _isShown = new();

    public void Dispose() => SharedBoard.Remove("vehicle");

    [Fact]
    public async Task A_board_shares_values_and_their_changes()
    {
        using var watchdog = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        CancellationToken cancellationToken = watchdog.Token;
        using var board = SharedBoard.Open("vehicle");
        using BoardWriter<Speed> speed = board.Write<Speed>("speed");
        speed.Value = new Speed(27.8, 1);
        board.Cell<int>("gear").Write(4);
        Assert.Equal(new Speed(27.8, 1), Read());

        Task changed = ReadNextAsync(cancellationToken);
        Task shown = ShowAsync(cancellationToken);
        await _isShown.Task;
        BoardWatch watch = board.Watch("speed", "gear");
        speed.Value = new Speed(28.1, 2);
        await changed;
        await LogAsync(watch, cancellationToken);
        await shown;
        Assert.Equal([27.8, 28.1], _shown.Select(value => value.MetersPerSecond));
        Assert.Equal(["speed is new: version 2"], _logged);
    }

    private static Speed Read()
    {
        using var board = SharedBoard.Open("vehicle");
        Speed now = board.Read<Speed>("speed");
        return now;
    }

    private static async Task ReadNextAsync(CancellationToken cancellationToken)
    {
        using var board = SharedBoard.Open("vehicle");
        await board.Cell<Speed>("speed").ChangedAsync(cancellationToken);
    }

    private static async Task LogAsync(BoardWatch watch, Action<string> log, CancellationToken cancellationToken)
    {
        foreach (BoardChange change in await watch.WaitAsync(cancellationToken))
        {
            log(change.WriterDied ? $"the writer of {change.Key} died" : $"{change.Key} is new: version {change.Version}");
        }
    }

    private Task LogAsync(BoardWatch watch, CancellationToken cancellationToken) => LogAsync(watch, _logged.Add, cancellationToken);

    private async Task ShowAsync(CancellationToken cancellationToken)
    {
        using var board = SharedBoard.Open("vehicle");
        await foreach (Speed newest in board.Cell<Speed>("speed").ReadAllAsync(cancellationToken))
        {
            if (!Show(newest))
            {
                break;
            }
        }
    }

    /// <summary>Returns whether it wants another.</summary>
    private bool Show(Speed value)
    {
        _shown.Add(value);
        _isShown.TrySetResult();
        return _shown.Count < 2;
    }

    private readonly record struct Speed(double MetersPerSecond, long Time);
}
