namespace Fairlead.Patterns.Stores;

/// <summary>A message of a publisher, from its store.</summary>
internal sealed record StoredMessage(PublishedPosition Position, string Topic, byte[] Payload);
