namespace Fairlead;

/// <summary>An event at a <see cref="Hub"/>: <see cref="Joined"/>, <see cref="Said"/> or <see cref="Left"/>.</summary>
/// <remarks>The events of one client arrive in order.</remarks>
/// <param name="Client">The client concerned.</param>
public abstract record HubEvent(HubClient Client)
{
    /// <summary>A client has connected.</summary>
    /// <param name="Client">The client.</param>
    public sealed record Joined(HubClient Client) : HubEvent(Client);

    /// <summary>A client has sent a message.</summary>
    /// <param name="Client">The client.</param>
    /// <param name="Message">A lease. The event loop returns it; a caller of <see cref="Hub.NextEvent"/> disposes it.</param>
    public sealed record Said(HubClient Client, Message Message) : HubEvent(Client);

    /// <summary>A client has left. All its messages arrived before this event.</summary>
    /// <param name="Client">The client.</param>
    /// <param name="Reason">Why it left.</param>
    public sealed record Left(HubClient Client, CloseReason Reason) : HubEvent(Client);
}
