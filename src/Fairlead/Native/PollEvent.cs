namespace Fairlead.Native;

/// <summary>One descriptor of a <see cref="PollSet"/> that is ready.</summary>
/// <param name="Token">What was given when it was added.</param>
/// <param name="Events">What it is ready for.</param>
internal readonly record struct PollEvent(ulong Token, PollEvents Events);
