namespace Fairlead.Patterns.Links.Output;

/// <summary>Output of a stream that the <see cref="Flusher"/> writes.</summary>
internal interface IDeferredOutput
{
    /// <summary>Writes as the flusher, which does not visit again until it is asked to. Called by its thread.</summary>
    void OnRound();
}
