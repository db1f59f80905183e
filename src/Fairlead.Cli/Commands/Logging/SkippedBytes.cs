using System.Globalization;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Logging;

/// <summary>
/// Reports once that bytes came that do not belong to a message, as from <c>echo hello > fifo</c>. The receiver would wait in silence.
/// </summary>
internal sealed class SkippedBytes : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly Receiver _receiver;
    private readonly Timer? _timer;
    private readonly Lock _gate = new();
    private bool _hasTold;

    public SkippedBytes(Receiver receiver)
    {
        _receiver = receiver;

        // Only to a FIFO can a shell write like to a file.
        _timer = receiver.Address.Scheme == "fifo" ? new Timer(_ => Tell(), null, Period, Period) : null;
    }

    public void Dispose()
    {
        if (_timer is not null)
        {
            _timer.Dispose();
            Tell(isLast: true);
        }
    }

    // A call of the timer may still come after the last one, when the receiver is closed.
    private void Tell(bool isLast = false)
    {
        lock (_gate)
        {
            if (!_hasTold && _receiver.Statistics.SkippedBytes is > 0 and var bytes)
            {
                _hasTold = true;
                ErrorLine.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_receiver.Address}: skipped {bytes} bytes that do not belong to a message of Fairlead. "
                        + $"For plain text, add ?framing=line"));
            }

            _hasTold |= isLast;
        }
    }
}
