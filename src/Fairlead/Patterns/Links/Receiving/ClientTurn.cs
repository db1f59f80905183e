namespace Fairlead.Patterns.Links.Receiving;

/// <summary>How much of its turns a client has used: all connections of a process or of a host, of which none may delay others.</summary>
/// <remarks>Under the endpoint's gate. <see cref="ReadyLinks"/> adds the links.</remarks>
internal abstract class ClientTurn
{
    /// <summary>The links of the client that were ready at least once and are not down.</summary>
    public int Links { get; set; }

    /// <summary>The round in which the client's next message is due.</summary>
    public long Round { get; set; }

    /// <summary>What the client has taken in its round.</summary>
    public int Used { get; set; }
}
