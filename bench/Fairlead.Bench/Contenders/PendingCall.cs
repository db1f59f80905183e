using System.Threading.Tasks.Sources;

namespace Fairlead.Bench.Contenders;

/// <summary>A call of <see cref="MultiplexerClient"/> that waits for its reply; one object serves one call after the other.</summary>
/// <param name="number">Its index in the table of calls, which its frames carry.</param>
/// <param name="owner">Receives the object when the caller has its result.</param>
internal sealed class PendingCall(int number, MultiplexerClient owner) : IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _result = new() { RunContinuationsAsynchronously = !owner.TellsInline };
    private Memory<byte> _reply;

    public int Number { get; } = number;

    /// <summary>Whether the reply is still missing.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Completes with the length of the reply.</summary>
    public ValueTask<int> Reply => new(this, _result.Version);

    public void Begin(Memory<byte> reply)
    {
        _reply = reply;
        IsPending = true;
    }

    public void Complete(ReadOnlySpan<byte> reply)
    {
        if (!IsPending || reply.Length > _reply.Length)
        {
            throw new InvalidDataException($"the server sent a reply of {reply.Length} bytes to call {Number}, which does not wait for it");
        }

        reply.CopyTo(_reply.Span);
        IsPending = false;
        _result.SetResult(reply.Length);
    }

    public void Fail(Exception reason)
    {
        IsPending = false;
        _result.SetException(reason);
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        try
        {
            return _result.GetResult(token);
        }
        finally
        {
            _result.Reset();
            _reply = default;
            owner.Return(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _result.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);
}
