namespace Fairlead.Hosting;

/// <summary>Which side of a connection an endpoint of a host takes.</summary>
public enum EndpointRole
{
    /// <summary>The endpoint has the name, and others connect to it.</summary>
    Bind,

    /// <summary>The endpoint connects to a name that another endpoint has.</summary>
    Connect,
}
