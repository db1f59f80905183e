namespace Fairlead.Rpc;

/// <summary>How often, and after which pauses, a call is tried at the instances of a service that was found by its name.</summary>
/// <remarks>
/// A call goes on to another instance if the first one has died, or is about to end, and has not executed it. A call goes on, too, if
/// client and server both mark it with <see cref="IdempotentAttribute"/>. After a refusal with <see cref="ErrorCode.Full"/> it goes on
/// after a pause. If an instance has another version of the contract, which fits, the call is adapted to it; this is not an attempt. A call
/// that was denied, or has used up its time, ends. The outcome is the worst of all attempts: a call that one of them may have executed ends
/// with <see cref="DeliveryStatus.Unknown"/>. The limit and the doubling pauses with jitter follow the retry policy of gRPC.
/// </remarks>
public sealed record RpcRetry
{
    /// <summary>The most attempts of a call, the first included. 1: no call is tried again.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>The longest first pause. Each further pause may be twice as long. Each lasts, at random, a half to the whole.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause.</summary>
    public TimeSpan MaxPause { get; init; } = TimeSpan.FromSeconds(1);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(FirstPause, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPause, FirstPause);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPause, TimeSpan.FromDays(1));
    }
}
