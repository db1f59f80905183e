using System.Net;

namespace Fairlead.Rpc;

/// <content>Values that travel as texts.</content>
public ref partial struct RpcReader
{
    // A.B.C.D, each of ten digits.
    private const int LongestVersion = 43;

    // [x:x:x:x:x:x:d.d.d.d%scope]:port
    private const int LongestEndPoint = 70;

    /// <summary>Reads a text, which is an absolute or a relative URI.</summary>
    public Uri ReadUri() => Uri.TryCreate(ReadString(), UriKind.RelativeOrAbsolute, out Uri? value)
        ? value
        : throw Corrupt("a text is not a URI");

    /// <summary>Reads a text, which is a version of two to four numbers.</summary>
    public Version ReadVersion() => Version.TryParse(ReadShort(LongestVersion), out Version? value)
        ? value
        : throw Corrupt("a text is not a version");

    /// <summary>Reads a text, which is an address of IPv4 or IPv6.</summary>
    public IPAddress ReadIPAddress() => IPAddress.TryParse(ReadShort(LongestEndPoint), out IPAddress? value)
        ? value
        : throw Corrupt("a text is not an IP address");

    /// <summary>Reads a text, which is an IP address with a port.</summary>
    public IPEndPoint ReadIPEndPoint() => IPEndPoint.TryParse(ReadShort(LongestEndPoint), out IPEndPoint? value)
        ? value
        : throw Corrupt("a text is not an IP address with a port");

    private string ReadShort(int most) => ReadString() is { } text && text.Length <= most
        ? text
        : throw Corrupt($"a text of more than {most} characters is announced as a number or an address");
}
