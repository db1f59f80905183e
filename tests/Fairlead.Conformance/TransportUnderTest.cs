using System.Globalization;
using System.Net.Sockets;

namespace Fairlead.Conformance;

/// <summary>A transport as the contracts see it: how a place of its own is named, and what may be expected there. Stateless; one line of flags and a few of naming.</summary>
public abstract class TransportUnderTest
{
    private static int _places;

    /// <summary>For people.</summary>
    public abstract string Name { get; }

    /// <summary>Whether another process can reach it.</summary>
    public virtual bool CrossesProcesses => true;

    /// <summary>Whether messages are limited to 16 MiB unless more is asked for, and heartbeats run unasked.</summary>
    public virtual bool IsNetwork => false;

    /// <summary>Whether messages keep their boundaries without a framing.</summary>
    public virtual bool KeepsBoundaries => false;

    /// <summary>The kind of raw socket that reaches it; null where none does.</summary>
    public virtual SocketType? RawSocketType => null;

    /// <summary>Whether the kernel tells who the peer is.</summary>
    public virtual bool KnowsPeer => true;

    /// <summary>A place that nobody has used before, to bind at.</summary>
    public abstract Address NewPlace();

    /// <summary>A raw socket at an address that a Fairlead endpoint has bound.</summary>
    public virtual Socket ConnectRaw(Address bound) => throw new NotSupportedException();

    /// <summary>A raw socket that listens, and the address by which Fairlead connects to it.</summary>
    public virtual (Socket Listener, Address Address) ListenRaw() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>A name that no other test of this run has, in this process or another.</summary>
    protected static string NewName() => string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}-{Interlocked.Increment(ref _places)}");
}
