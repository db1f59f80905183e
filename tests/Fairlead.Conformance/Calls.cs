namespace Fairlead.Conformance;

/// <summary>Which form of a call is tested.</summary>
public enum Calls
{
    /// <summary>The one that holds its thread.</summary>
    Blocking,

    /// <summary>The one that gives a task.</summary>
    Async,
}
