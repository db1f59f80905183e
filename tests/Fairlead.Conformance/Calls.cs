namespace Fairlead.Conformance;

/// <summary>The form of a call under test.</summary>
public enum Calls
{
    /// <summary>Blocks the calling thread.</summary>
    Blocking,

    /// <summary>Returns a task.</summary>
    Async,
}
