using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>The time of a call, which holds for the wait for an instance and for all attempts together.</summary>
/// <remarks>The limit of another frame holds for each attempt: clients may wait longer than that for their first instance.</remarks>
internal readonly struct CallTime(ReadOnlySpan<byte> frame, RequestOptions options)
{
    // An attempt without time says by itself that it was too late.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    private readonly TimeSpan? _limit = options.Timeout;
    private readonly long _began = options.Timeout is null || !Frames.IsCall(frame) ? 0 : TimeProvider.System.GetTimestamp();

    /// <summary>How much is left; null: there is no limit.</summary>
    public TimeSpan? Left
    {
        get
        {
            if (_began == 0)
            {
                return null;
            }

            TimeSpan left = _limit!.Value - TimeProvider.System.GetElapsedTime(_began);
            return left > Least ? left : Least;
        }
    }

    /// <summary>Returns the options of the next attempt.</summary>
    /// <param name="options">The options of the call.</param>
    public RequestOptions Rest(RequestOptions options) => _began == 0 ? options : options with { Timeout = Left };
}
