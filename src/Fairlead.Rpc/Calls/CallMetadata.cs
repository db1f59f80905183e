using System.Text;

namespace Fairlead.Rpc.Calls;

/// <summary>The metadata of a call to bytes and back: a count, and a name and a text for each pair.</summary>
internal static class CallMetadata
{
    private static readonly Encoding Utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);

    /// <summary>Returns the bytes of pairs.</summary>
    /// <exception cref="ArgumentException">They exceed a bound, or a name or a text cannot travel.</exception>
    public static byte[] Encode(IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs.Count == 0)
        {
            return [];
        }

        if (pairs.Count > RpcCallOptions.MaxMetadata)
        {
            throw new ArgumentException($"A call has at most {RpcCallOptions.MaxMetadata} pairs of metadata, not {pairs.Count}.");
        }

        RpcWriter writer = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            writer.WriteCount(pairs.Count);
            foreach ((string name, string text) in pairs)
            {
                Check(name, text);
                writer.WriteString(name);
                writer.WriteString(text);
                if (writer.Written.Length > RpcCallOptions.MaxMetadataBytes)
                {
                    throw new ArgumentException(
                        $"The metadata of a call has at most {RpcCallOptions.MaxMetadataBytes} bytes, and '{name}' exceeds them.");
                }
            }

            return writer.Written.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Reads pairs.</summary>
    /// <param name="bytes">A copy: a caller may change what it shares.</param>
    /// <exception cref="RpcFormatException">They are not pairs, or exceed a bound.</exception>
    public static Dictionary<string, string> Decode(ReadOnlySpan<byte> bytes)
    {
        RpcReader reader = new(bytes);
        int count = reader.ReadCount();
        if (count > RpcCallOptions.MaxMetadata)
        {
            throw RpcReader.Corrupt($"a call has {count} pairs of metadata, more than {RpcCallOptions.MaxMetadata}");
        }

        // Strings have a random seed of their own: names cannot collide by a caller's choice.
        Dictionary<string, string> pairs = new(count, StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string name = reader.ReadString();
            if (!IsName(name) || !pairs.TryAdd(name, reader.ReadString()))
            {
                throw RpcReader.Corrupt("a name of metadata is not one, or stands twice");
            }
        }

        reader.End();
        return pairs;
    }

    /// <summary>Skips metadata in a frame.</summary>
    /// <exception cref="RpcFormatException">It exceeds a bound.</exception>
    public static void Skip(ref RpcReader frame)
    {
        int length = frame.ReadCount();
        if (length > RpcCallOptions.MaxMetadataBytes)
        {
            throw RpcReader.Corrupt($"the metadata of a call has {length} bytes, more than {RpcCallOptions.MaxMetadataBytes}");
        }

        frame.Skip(length);
    }

    private static void Check(string name, string text)
    {
        if (!IsName(name))
        {
            throw new ArgumentException($"A name of metadata has letters, digits, '.', '_' and '-' of ASCII: '{name}' does not.");
        }

        ArgumentNullException.ThrowIfNull(text);
        try
        {
            _ = Utf8.GetByteCount(text);
        }
        catch (EncoderFallbackException half)
        {
            throw new ArgumentException($"The text of metadata '{name}' has half of a surrogate pair, which cannot travel.", half);
        }
    }

    private static bool IsName(string name) =>
        name.Length > 0 && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
}
