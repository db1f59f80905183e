namespace Fairlead.Transports;

/// <summary>
/// What a connection without the session protocol has where there may be no room for a message although nothing lies unwritten. A blocked
/// <see cref="Connection.Flush"/> may then go on when <see cref="Connection.WaitDescriptor"/> was readable. Under the link's send lock;
/// nothing blocks.
/// </summary>
internal abstract class OutputRoom
{
    /// <summary>What a sender waits for while there is none, in the words of an error.</summary>
    public abstract string Awaited { get; }

    /// <summary>
    /// Whether a body of this length can be committed now. False: the connection sees to it that its descriptor becomes readable when this
    /// is worth asking again.
    /// </summary>
    public abstract bool Has(int bodyLength);
}
