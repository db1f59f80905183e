namespace Fairlead;

/// <summary>An item that a work queue has given up delivering.</summary>
/// <param name="Payload">The item; valid until the callback returns.</param>
/// <param name="Sender">The peer that sent it.</param>
/// <param name="Deliveries">How many times it was handed to a worker.</param>
/// <param name="Reason">Why the last worker did not accept the item.</param>
public sealed record DeadLetter(ReadOnlyMemory<byte> Payload, Peer Sender, int Deliveries, string Reason);
