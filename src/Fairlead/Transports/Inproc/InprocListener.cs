using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Inproc;

/// <summary>A name within the process, and the connections to it that were not accepted yet.</summary>
internal sealed class InprocListener(Address address, InprocTransport transport) : IListener
{
    private readonly RankedLock _gate = new(LockRank.InprocAccept);
    private readonly Queue<InprocConnection> _waiting = new();
    private readonly EventDescriptor _event = new();
    private bool _isDisposed;

    public Address Address => address;

    public Descriptor WaitDescriptor => _event.Descriptor;

    public bool TryEnqueue(InprocConnection connection)
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return false;
            }

            _waiting.Enqueue(connection);
            _event.Signal();
            return true;
        }
    }

    public Connection? TryAccept()
    {
        using (_gate.Hold())
        {
            if (_waiting.TryDequeue(out InprocConnection? connection))
            {
                return connection;
            }

            if (!_isDisposed)
            {
                _event.Drain();
            }

            return null;
        }
    }

    public void Dispose()
    {
        transport.Remove(this);
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            while (_waiting.TryDequeue(out InprocConnection? connection))
            {
                connection.Abort();
                connection.Dispose();
            }

            _event.Dispose();
        }
    }
}
