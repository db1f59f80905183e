using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>A member of a service, and what is needed to call it.</summary>
internal sealed class MemberCall
{
    private const string Suffix = "Async";

    private MemberCall(int number, RpcMember member, MemberShape shape, Declaration? declaration)
    {
        (Number, Member, Shape) = (number, member, shape);

        // Names that do not fit the shape are not used: values go by position then.
        Parameters = declaration?.Parameters is { } named
            && named.Count == shape.Parameters.Count
            && named.All(static one => one.Name.Length > 0)
            && named.Select(static one => one.Name).Distinct(StringComparer.Ordinal).Count() == named.Count
            ? named
            : null;
    }

    /// <summary>The number in the contract.</summary>
    public int Number { get; }

    public RpcMember Member { get; }

    public MemberShape Shape { get; }

    /// <summary>The parameters by name; null: the description does not tell.</summary>
    public IReadOnlyList<DeclaredParameter>? Parameters { get; }

    /// <summary>Whether <see cref="Find"/> finds a member, or several.</summary>
    public static bool Has(RpcDescription contract, string name) =>
        Array.Exists(NamesFor(name), wanted => IndexOf(contract.Members, wanted, StringComparison.OrdinalIgnoreCase, 0) >= 0);

    /// <summary>Finds a member: by its name, without <c>Async</c>, or in other case if only one fits.</summary>
    /// <exception cref="ToolException">Usage: there is none, or several.</exception>
    public static MemberCall Find(RpcDescription contract, string name, string service)
    {
        IReadOnlyList<RpcMember> members = contract.Members;
        foreach (string wanted in NamesFor(name))
        {
            int exact = IndexOf(members, wanted, StringComparison.Ordinal, 0);
            int found = exact < 0 ? IndexOf(members, wanted, StringComparison.OrdinalIgnoreCase, 0) : exact;
            int second = exact < 0 ? IndexOf(members, wanted, StringComparison.OrdinalIgnoreCase, found + 1) : -1;
            if (found >= 0 && second > found)
            {
                throw ToolException.Usage(
                    $"'{name}' may be {members[found].Name} and {members[second].Name} of {service}: write one of them exactly");
            }

            if (found >= 0)
            {
                return Of(contract, found);
            }
        }

        string all = members.Count == 0 ? "It has none" : $"It has {string.Join(", ", members.Select(static member => member.Name))}";
        throw ToolException.Usage($"{service} ({contract.Name}) has no member '{name}'. {all}");
    }

    /// <exception cref="ToolException">The shape is not in the language.</exception>
    public static MemberCall Of(RpcDescription contract, int number)
    {
        RpcMember member = contract.Members[number];
        Declaration? declaration = Declaration.Parse(member.Declaration, member.Name);
        MemberShape shape = new ShapeNames(new DeclaredTypes(contract.Types)).Of(ShapeParser.ParseMember(member.Shape), declaration);
        return new MemberCall(number, member, shape, declaration);
    }

    /// <summary>A parameter for an error: its name in quotes, or which it is.</summary>
    public string NameOf(int parameter) => Parameters?[parameter].Name is { } known ? $"'{known}'" : $"{parameter + 1}";

    /// <summary>The names that a member may have for this one of the command line, the best first.</summary>
    private static string[] NamesFor(string name) => [name, name + Suffix];

    private static int IndexOf(IReadOnlyList<RpcMember> members, string name, StringComparison comparison, int start)
    {
        for (int i = start; i < members.Count; i++)
        {
            if (string.Equals(members[i].Name, name, comparison))
            {
                return i;
            }
        }

        return -1;
    }
}
