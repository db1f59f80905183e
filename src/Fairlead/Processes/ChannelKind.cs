namespace Fairlead.Processes;

/// <summary>How a child talks to its parent, besides the standard streams.</summary>
public enum ChannelKind
{
    /// <summary>No channel.</summary>
    None,

    /// <summary>Both ways, over a socket pair: works with every pattern that talks to one peer.</summary>
    Duplex,

    /// <summary>Both ways, over two pipes: works with the same patterns, for children that can only use pipes.</summary>
    Pipes,

    /// <summary>One pipe to the child.</summary>
    ToChild,

    /// <summary>One pipe from the child.</summary>
    FromChild,
}
