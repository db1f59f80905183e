using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>A bound address.</summary>
/// <remarks>
/// One thread at a time calls <see cref="TryAccept"/>. Any thread may call <see cref="IDisposable.Dispose"/>, which releases the name.
/// </remarks>
internal interface IListener : IDisposable
{
    /// <summary>The address actually bound: port 0 is replaced by the assigned port.</summary>
    Address Address { get; }

    /// <summary>The socket file of the address, if there is one. Other processes find the holder by it.</summary>
    FileIdentity File => FileIdentity.None;

    /// <summary>
    /// Whether it accepts exactly one connection, immediately: the endpoint then ends with its peer, like a connected one.
    /// </summary>
    bool YieldsOne => false;

    /// <summary>
    /// Whether messages of accepted connections come through it, too. It is then always read, and keeps the reserve of descriptors itself.
    /// </summary>
    bool CarriesMessages => false;

    /// <summary>Readable when a peer connects. Owned by the listener.</summary>
    Descriptor WaitDescriptor { get; }

    /// <summary>Accepts the next connection. Returns null if none is waiting or the listener is disposed. Does not block.</summary>
    /// <remarks>A failure of a single client, such as one that has left again, is not an error.</remarks>
    /// <exception cref="FairleadException">
    /// Unavailable: the process has no descriptors left; the caller should accept again later.
    /// </exception>
    Connection? TryAccept();

    /// <summary>Called once the registry has its entry: until then, the transport keeps others away by its own means.</summary>
    void OnListed()
    {
    }

    /// <summary>Returns how much invalid data outside any connection arrived since the last call. Called by the accepting thread.</summary>
    int TakeDropped() => 0;
}
