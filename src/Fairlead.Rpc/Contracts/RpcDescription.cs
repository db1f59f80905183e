using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fairlead.Rpc;

/// <summary>The description of a contract. Every server sends it to each client that asks.</summary>
public sealed class RpcDescription
{
    /// <summary>The most members of a contract.</summary>
    public const int MaxMembers = 4096;

    /// <summary>Describes a contract.</summary>
    /// <param name="name">The name of the contract.</param>
    /// <param name="members">The members in the order of their numbers.</param>
    public RpcDescription(string name, IReadOnlyList<RpcMember> members)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(members);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(members.Count, MaxMembers, nameof(members));
        (Name, Members) = (name, members);
        Hash = HashOf(members);
    }

    /// <summary>The name of the contract.</summary>
    public string Name { get; }

    /// <summary>The members in the order of their numbers.</summary>
    public IReadOnlyList<RpcMember> Members { get; }

    /// <summary>
    /// Equal for contracts with the same members in the same order, whose shapes are equal. The first 8 bytes of SHA-256.
    /// </summary>
    public ulong Hash { get; }

    /// <summary>The contract in C#, for people.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        int dot = Name.LastIndexOf('.');
        text.Append("public interface ").Append(Name.AsSpan(dot + 1)).Append("\n{\n");
        foreach (RpcMember member in Members)
        {
            text.Append("    ").Append(member.Declaration).Append('\n');
        }

        return text.Append('}').ToString();
    }

    /// <summary>Writes it, as docs/rpc-format.md shows.</summary>
    internal void Write(ref RpcWriter writer)
    {
        writer.WriteString(Name);
        writer.WriteCount(Members.Count);
        foreach (RpcMember member in Members)
        {
            writer.WriteByte((byte)member.Kinds);
            writer.WriteString(member.Name);
            writer.WriteString(member.Declaration);
            writer.WriteString(member.Shape);
        }
    }

    /// <exception cref="FairleadException">Corrupt.</exception>
    internal static RpcDescription Read(ref RpcReader reader)
    {
        string name = reader.ReadString();
        int count = reader.ReadCount();
        if (name.Length == 0 || count > MaxMembers)
        {
            throw RpcReader.Corrupt($"a contract of {count} members named '{name}'");
        }

        List<RpcMember> members = [];
        for (int i = 0; i < count; i++)
        {
            RpcMemberKinds kinds = (RpcMemberKinds)reader.ReadByte();
            members.Add(new RpcMember(reader.ReadString(), reader.ReadString(), reader.ReadString(), kinds));
        }

        return new RpcDescription(name, members);
    }

    private static ulong HashOf(IReadOnlyList<RpcMember> members)
    {
        StringBuilder text = new();
        foreach (RpcMember member in members)
        {
            text.Append(member.Name).Append(member.Shape).Append((int)(member.Kinds & RpcMemberKinds.OneWay)).Append('\n');
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
