using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead;

/// <summary>A client of a <see cref="Hub"/>.</summary>
public sealed class HubClient
{
    internal HubClient(int number, Link link)
    {
        Number = number;
        Link = link;
    }

    /// <summary>Its number: 1 for the first client. A hub never reuses a number.</summary>
    public int Number { get; }

    /// <summary>The process behind this client.</summary>
    public Peer Peer => Link.Peer;

    /// <summary>Whether it is still connected.</summary>
    public bool IsConnected => Link.State is LinkState.Up;

    internal Link Link { get; }

    /// <inheritdoc/>
    public override string ToString() => $"client {Number}";
}
