namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Addresses for one test each.</summary>
internal static class Places
{
    public static string New(string transport)
    {
        string name = $"rpc-{Guid.NewGuid():N}"[..16];
        return transport switch
        {
            "tcp" => "tcp://127.0.0.1:0",
            "udp" => "udp://127.0.0.1:0?reliable=true",
            _ => $"{transport}://{name}",
        };
    }
}
