namespace Fairlead.Transports;

/// <summary>A limit on messages beyond unwritten output, for a connection without the session protocol.</summary>
/// <remarks>
/// A blocked <see cref="Connection.Flush"/> may continue when <see cref="Connection.WaitDescriptor"/> was readable. Under the link's send
/// lock; no member blocks.
/// </remarks>
internal abstract class OutputRoom
{
    /// <summary>The event that a blocked sender waits for, as the text of an error.</summary>
    public abstract string Awaited { get; }

    /// <summary>Returns whether a body of this length can be committed now.</summary>
    /// <remarks>After false, the connection makes its descriptor readable when it is worth asking again.</remarks>
    public abstract bool Has(int bodyLength);
}
