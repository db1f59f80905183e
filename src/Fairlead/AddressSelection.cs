namespace Fairlead;

/// <summary>Which address an endpoint with several addresses tries first.</summary>
public enum AddressSelection
{
    /// <summary>The first; the others are fallbacks.</summary>
    InOrder,

    /// <summary>A random one: many endpoints with the same addresses spread over them.</summary>
    Balanced,
}
