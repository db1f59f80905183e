namespace Fairlead;

/// <summary>
/// Something that happened at a <see cref="Hub"/>: <see cref="Joined"/>, <see cref="Said"/> or <see cref="Left"/>. The events of one client
/// come in their order.
/// </summary>
/// <param name="Client">Whom it is about.</param>
public abstract record HubEvent(HubClient Client);

/// <summary>A client has connected.</summary>
/// <param name="Client">The client.</param>
public sealed record Joined(HubClient Client) : HubEvent(Client);

/// <summary>A client has sent a message.</summary>
/// <param name="Client">The client.</param>
/// <param name="Message">A lease; the event loop gives it back, and a caller of <see cref="Hub.NextEvent"/> disposes it.</param>
public sealed record Said(HubClient Client, Message Message) : HubEvent(Client);

/// <summary>A client is gone; everything that it said came before.</summary>
/// <param name="Client">The client.</param>
/// <param name="Reason">Why.</param>
public sealed record Left(HubClient Client, CloseReason Reason) : HubEvent(Client);
