using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Fairlead.Rpc.Contracts;

namespace Fairlead.Rpc;

/// <summary>The description of a contract. Every server sends it to each client that asks.</summary>
public sealed class RpcDescription
{
    /// <summary>The most members of a contract.</summary>
    public const int MaxMembers = 4096;

    /// <summary>The most types beside it.</summary>
    public const int MaxTypes = 4096;

    // Written once or more, always with the same value.
    private object? _hash;

    /// <summary>Describes a contract.</summary>
    /// <param name="name">The name of the contract: at most 128 letters, digits, '.', '_' and '-'.</param>
    /// <param name="members">The members in the order of their numbers.</param>
    /// <param name="types">The types of the members in C#, for people.</param>
    /// <param name="summary">The documentation of the contract, for people.</param>
    public RpcDescription(string name, IReadOnlyList<RpcMember> members, IReadOnlyList<string>? types = null, string summary = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!ContractName.IsName(name))
        {
            throw new ArgumentException($"'{name}' cannot be the name of a contract: {ContractName.Rule}.", nameof(name));
        }

        ArgumentNullException.ThrowIfNull(members);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(members.Count, MaxMembers, nameof(members));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(types?.Count ?? 0, MaxTypes, nameof(types));
        ArgumentNullException.ThrowIfNull(summary);
        (Name, Members, Types, Summary) = (name, [.. members], [.. types ?? []], summary);
    }

    /// <summary>The name of the contract.</summary>
    public string Name { get; }

    /// <summary>The members in the order of their numbers.</summary>
    public IReadOnlyList<RpcMember> Members { get; }

    /// <summary>
    /// The types of the members in C#, for people: records, enums, and then the contracts that members take as parameters, each
    /// with the types of its members.
    /// </summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>The documentation of the contract, for people; may be empty.</summary>
    public string Summary { get; }

    /// <summary>
    /// Equal for contracts with the same members in the same order, whose shapes are equal. The first 8 bytes of SHA-256.
    /// </summary>
    /// <remarks>
    /// Computed on first use. A program with contracts creates their descriptions when it starts, and the computation loads OpenSSL.
    /// </remarks>
    public ulong Hash => (ulong)(_hash ??= HashOf(Members));

    /// <summary>The contract in C#, for people: the interface with its documentation, and the types below it.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        int dot = Name.LastIndexOf('.');
        text.Append(Summary.Length > 0 ? $"/// {Summary}\n" : "")
            .Append("public interface ").Append(Name.AsSpan(dot + 1)).Append("\n{\n");
        foreach (RpcMember member in Members)
        {
            text.Append(member.Summary.Length > 0 ? $"    /// {member.Summary}\n" : "").Append("    ").Append(member).Append('\n');
        }

        text.Append('}');
        foreach (string type in Types)
        {
            text.Append("\n\n").Append(type);
        }

        return text.ToString();
    }

    /// <summary>Writes it, as docs/rpc-format.md shows.</summary>
    internal void Write(ref RpcWriter writer)
    {
        writer.WriteMessage(Name);
        writer.WriteMessage(Summary);
        writer.WriteCount(Members.Count);
        foreach (RpcMember member in Members)
        {
            writer.WriteByte((byte)member.Kinds);
            writer.WriteMessage(member.Name);
            writer.WriteMessage(member.Declaration);
            writer.WriteMessage(member.Shape);
            writer.WriteMessage(member.Summary);
        }

        writer.WriteCount(Types.Count);
        foreach (string type in Types)
        {
            writer.WriteMessage(type);
        }
    }

    /// <exception cref="FairleadException">Corrupt.</exception>
    internal static RpcDescription Read(ref RpcReader reader)
    {
        string name = reader.ReadString();
        string summary = reader.ReadString();
        int count = reader.ReadCount();
        if (!ContractName.IsName(name) || count > MaxMembers)
        {
            throw RpcReader.Corrupt($"a contract of {count} members named '{name}'");
        }

        List<RpcMember> members = [];
        for (int i = 0; i < count; i++)
        {
            RpcMemberKinds kinds = (RpcMemberKinds)reader.ReadByte();
            members.Add(new RpcMember(reader.ReadString(), reader.ReadString(), reader.ReadString(), kinds, reader.ReadString()));
        }

        int types = reader.ReadCount();
        if (types > MaxTypes)
        {
            throw RpcReader.Corrupt($"a contract with {types} types");
        }

        List<string> declared = [];
        for (int i = 0; i < types; i++)
        {
            declared.Add(reader.ReadString());
        }

        return new RpcDescription(name, members, declared, summary);
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
