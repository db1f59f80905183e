namespace Fairlead.Patterns.Links.Output;

/// <summary>The owner of a <see cref="LinkOutput"/>, which learns what became of the output. All under the send lock.</summary>
/// <remarks>No member may block, or write to the connection.</remarks>
internal interface IOutputOwner
{
    /// <summary>Output now waits for the <see cref="Flusher"/> or the last of the continuations, or does no more.</summary>
    void OnDeferred(bool isDeferred);

    /// <summary>The output is blocked or broken: a thread must learn when to continue.</summary>
    void OnStuck();

    /// <summary>The output is no longer blocked.</summary>
    void OnUnblocked();

    /// <summary>The kernel or the peer's memory has everything.</summary>
    void OnWrittenOut();
}
