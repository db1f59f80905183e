namespace Fairlead.Native;

/// <summary>A ready descriptor of a <c>PollSet</c>.</summary>
/// <param name="Token">The token given when it was added.</param>
/// <param name="Events">The events that occurred.</param>
internal readonly record struct PollEvent(ulong Token, PollEvents Events);
