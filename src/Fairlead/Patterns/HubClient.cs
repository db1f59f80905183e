using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>A client of a <see cref="Hub"/>.</summary>
public sealed class HubClient
{
    internal HubClient(int number, Link link)
    {
        Number = number;
        Link = link;
    }

    /// <summary>Its number: 1 for the first that came, and never given twice in the hub's life.</summary>
    public int Number { get; }

    /// <summary>Who it is.</summary>
    public Peer Peer => Link.Peer;

    /// <summary>Whether it is still there.</summary>
    public bool IsConnected => Link.State is LinkState.Up;

    internal Link Link { get; }

    /// <inheritdoc/>
    public override string ToString() => $"client {Number}";
}
