using System.Net;

namespace Fairlead.Rpc;

/// <content>Values that travel as texts.</content>
public ref partial struct RpcWriter
{
    /// <summary>Writes the text from which the URI was made.</summary>
    public void WriteUri(Uri value)
    {
        ArgumentNullException.ThrowIfNull(value);
        WriteString(value.OriginalString);
    }

    /// <summary>Writes the version as a text of two to four numbers.</summary>
    public void WriteVersion(Version value)
    {
        ArgumentNullException.ThrowIfNull(value);
        WriteString(value.ToString());
    }

    /// <summary>Writes the address as a text, with its scope.</summary>
    public void WriteIPAddress(IPAddress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        WriteString(value.ToString());
    }

    /// <summary>Writes the address and the port as a text.</summary>
    public void WriteIPEndPoint(IPEndPoint value)
    {
        ArgumentNullException.ThrowIfNull(value);
        WriteString(value.ToString());
    }
}
