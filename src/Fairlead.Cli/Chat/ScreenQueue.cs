using System.Threading.Channels;

namespace Fairlead.Cli.Chat;

/// <summary>
/// Shows lines without keeping their sender waiting: an operator's stopped terminal must not stop the room. It counts the lines that do
/// not fit.
/// </summary>
internal sealed class ScreenQueue : IAsyncDisposable
{
    private const int MostLines = 64 * 1024;

    private readonly Channel<string> _lines = Channel.CreateBounded<string>(MostLines);
    private readonly Task _showing;
    private int _lost;

    public ScreenQueue(IChatScreen screen) => _showing = ShowAsync(screen);

    /// <summary>Ends with an error when the screen cannot be written any more.</summary>
    public Task Showing => _showing;

    public void Show(string line)
    {
        if (!_lines.Writer.TryWrite(line))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Shows what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _showing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ShowAsync(IChatScreen screen)
    {
        await foreach (var line in _lines.Reader.ReadAllAsync())
        {
            screen.Show(line);
            var lost = Interlocked.Exchange(ref _lost, 0);
            if (lost > 0)
            {
                screen.Show($"* {lost} lines were not shown: this screen was too slow");
            }
        }
    }
}
