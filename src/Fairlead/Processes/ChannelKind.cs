namespace Fairlead.Processes;

/// <summary>How a child talks to the process that starts it, besides its standard streams.</summary>
public enum ChannelKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Both ways, over a pair of sockets: every pattern that talks to one peer.</summary>
    Duplex,

    /// <summary>Both ways, over two pipes: the same patterns; for children that can do with pipes only.</summary>
    Pipes,

    /// <summary>One pipe that the child reads.</summary>
    ToChild,

    /// <summary>One pipe that the child writes.</summary>
    FromChild,
}
