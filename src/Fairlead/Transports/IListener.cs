using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>
/// A bound address. <see cref="TryAccept"/> is called by one thread at a time; <see cref="IDisposable.Dispose"/> by any, and gives the name
/// back.
/// </summary>
internal interface IListener : IDisposable
{
    /// <summary>The address that was really bound: port 0 is replaced by the port.</summary>
    Address Address { get; }

    /// <summary>The socket file that stands for it, where there is one: others find the holder by it.</summary>
    FileIdentity File => FileIdentity.None;

    /// <summary>
    /// Whether it yields one connection, at once, and never another: the endpoint ends with its peer, as a connected one does.
    /// </summary>
    bool YieldsOne => false;

    /// <summary>Becomes readable when somebody connects. Owned by the listener.</summary>
    Descriptor WaitDescriptor { get; }

    /// <summary>
    /// The next connection, or null when nobody waits or the listener was disposed. Does not block. What goes wrong with one client (it
    /// left again) is not an error.
    /// </summary>
    /// <exception cref="FairleadException">
    /// Unavailable: the process has no descriptors left; the caller should accept again later.
    /// </exception>
    Connection? TryAccept();

    /// <summary>
    /// How much came since this was asked last that is nobody's message and belongs to no connection. By the thread that accepts.
    /// </summary>
    int TakeDropped() => 0;
}
