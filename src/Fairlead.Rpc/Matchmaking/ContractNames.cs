using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>The contracts of a server in one field: of its labels, and of its entry at a matchmaker.</summary>
/// <remarks>The names of contracts contain no comma and do not begin with a plus sign that ends them.</remarks>
internal static class ContractNames
{
    private const char Separator = ',';
    private const char More = '+';

    /// <summary>Returns the names, and how many are left out because of the length. The first is never left out.</summary>
    /// <param name="contracts">The contracts.</param>
    /// <param name="most">The longest text, in bytes of UTF-8.</param>
    public static string Of(IReadOnlyList<RpcDescription> contracts, int most)
    {
        for (int count = contracts.Count; ; count--)
        {
            string text = string.Join(Separator, contracts.Take(count).Select(static one => one.Name));
            text += count == contracts.Count
                ? ""
                : string.Create(CultureInfo.InvariantCulture, $"{Separator}{More}{contracts.Count - count}");
            if (count == 1 || Encoding.UTF8.GetByteCount(text) <= most)
            {
                return text;
            }
        }
    }

    /// <summary>Returns the names of a text that another process may have written.</summary>
    public static IReadOnlyList<string> Parse(string text) =>
        [.. text.Split(Separator).Where(static name => !name.StartsWith(More))];

    /// <summary>Returns the hash by which clients tell servers apart: of the contract or, of several, of their set.</summary>
    public static ulong HashOf(IReadOnlyList<RpcDescription> contracts)
    {
        if (contracts is [var single])
        {
            return single.Hash;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        byte[] all = new byte[contracts.Count * sizeof(ulong)];
        foreach ((int i, ulong one) in contracts.Select(static one => one.Hash).Order().Index())
        {
            BinaryPrimitives.WriteUInt64LittleEndian(all.AsSpan(i * sizeof(ulong)), one);
        }

        SHA256.HashData(all, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
