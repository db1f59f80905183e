using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.Processes;

/// <summary>
/// Receives several signals. It reads those that are blocked in the whole process from the kernel, with all details, and the kernel keeps
/// what is not taken yet. The runtime reports the others without details; this class counts those that are not taken yet.
/// </summary>
internal sealed class SignalListener : IAsyncEnumerator<SignalInfo>, IReactorClient
{
    private const int AtOnce = 16;

    private readonly RankedLock _gate = new(LockRank.SignalListener);
    private readonly CancellationTokenSource _end;
    private readonly CancellationToken _token;
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly Signal[] _signals;

    // From the runtime: the count of each signal, in order of first arrival.
    private readonly Queue<Signal> _counted = new();
    private readonly Dictionary<Signal, int> _counts = [];
    private readonly List<IDisposable> _catches = [];

    // From the kernel.
    private readonly Queue<SignalInfo> _received = new();
    private readonly Descriptor? _descriptor;
    private readonly Registration? _registration;
    private CancellationTokenRegistration _ending;
    private bool _isDisposed;

    public SignalListener(Signal[] signals, CancellationToken cancellationToken)
    {
        _signals = signals;
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _token = _end.Token;
        try
        {
            ulong blocked = 0;
            foreach (Signal signal in signals)
            {
                // End releases this and what follows.
                if (BlockedSignals.TryClaim(signal, this))
                {
                    blocked |= NativeSignal.Bit(signal.Number);
                }
                else
                {
                    _catches.Add(SignalDispositions.Catch(signal, () => OnSignal(signal)));
                }
            }

            if (blocked != 0)
            {
                _descriptor = NativeSignal.Open(blocked);
                _registration = Reactor.Shared.Register(_descriptor, this);
            }
        }
        catch
        {
            End();
            throw;
        }
    }

    public SignalInfo Current { get; private set; }

    /// <summary>Adds another token that cancels the enumeration. Call it before the first element.</summary>
    public void EndBy(CancellationToken cancellationToken) =>
        _ending = cancellationToken.UnsafeRegister(static end => ((CancellationTokenSource)end!).Cancel(), _end);

    public async ValueTask<bool> MoveNextAsync()
    {
        while (true)
        {
            _token.ThrowIfCancellationRequested();
            if (TryTake())
            {
                return true;
            }

            await _arrived.WaitAsync(_token).ConfigureAwait(false);
        }
    }

    public void OnReady(PollEvents events) => Wake();

    public ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    private void OnSignal(Signal signal)
    {
        using (_gate.Hold())
        {
            int count = _counts.GetValueOrDefault(signal);
            _counts[signal] = count + 1;
            if (count == 0)
            {
                _counted.Enqueue(signal);
            }
        }

        Wake();
    }

    private void Wake()
    {
        using (_gate.Hold())
        {
            // One permit is enough: the woken enumerator takes signals until none is left.
            if (_arrived.CurrentCount == 0)
            {
                _arrived.Release();
            }
        }
    }

    private bool TryTake()
    {
        using (_gate.Hold())
        {
            if (_counted.TryDequeue(out Signal signal))
            {
                Current = new SignalInfo(signal) { Count = _counts[signal] };
                _counts[signal] = 0;
                return true;
            }

            if (_received.Count == 0 && _descriptor is not null)
            {
                Receive(_descriptor);
            }

            if (_received.TryDequeue(out SignalInfo received))
            {
                Current = received;
                return true;
            }

            // If another signal has arrived since, this reports it at once.
            _registration?.Arm(PollEvents.Read);
            return false;
        }
    }

    private void Receive(Descriptor descriptor)
    {
        Span<Libc.ReceivedSignal> received = stackalloc Libc.ReceivedSignal[AtOnce];
        int count = NativeSignal.Take(descriptor, received);
        foreach (ref readonly Libc.ReceivedSignal one in received[..count])
        {
            bool hasSender = one.Code is Libc.SI_USER or Libc.SI_QUEUE or Libc.SI_TKILL;
            _received.Enqueue(new SignalInfo(Signal.FromNumber(one.Number))
            {
                Value = one.Code == Libc.SI_QUEUE ? one.Value : null,

                // 0: the sender is outside this process's pid namespace.
                SenderId = hasSender && one.ProcessId != 0 ? one.ProcessId : null,
                SenderUserId = hasSender ? one.UserId : null,
            });
        }
    }

    /// <summary>Restores the previous state, and cancels a waiting enumerator.</summary>
    public void End()
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _end.Cancel();
        _registration?.Dispose();
        _descriptor?.Dispose();
        foreach (IDisposable caught in _catches)
        {
            caught.Dispose();
        }

        foreach (Signal signal in _signals)
        {
            BlockedSignals.Release(signal, this);
        }

        _ending.Dispose();
        _end.Dispose();
    }
}
