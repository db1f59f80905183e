namespace Fairlead;

/// <summary>Where an endpoint that has several addresses begins to try.</summary>
public enum AddressSelection
{
    /// <summary>At the first; the others are there for when it is not.</summary>
    InOrder,

    /// <summary>At any of them, by chance: many endpoints with the same addresses spread over them.</summary>
    Balanced,
}
