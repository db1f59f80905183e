namespace Fairlead;

/// <summary>An item that a work queue gives up.</summary>
/// <param name="Payload">The item; valid until the callee returns.</param>
/// <param name="Sender">Who sent it.</param>
/// <param name="Deliveries">How often it was handed out.</param>
/// <param name="Reason">Why the last worker did not accept it.</param>
public sealed record DeadLetter(ReadOnlyMemory<byte> Payload, Peer Sender, int Deliveries, string Reason);
