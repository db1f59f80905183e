using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Fairlead.Tests;

/// <summary>
/// Limits the largest cycle among the types of the engine: types that all lead to each other by what their code names. Each of them can
/// only be understood with all others. The number may only fall.
/// </summary>
public sealed class EngineCycleTests
{
    private const string Engine = "Fairlead.Patterns.Links";
    private const int LargestCycle = 6;
    private const StringComparison Exactly = StringComparison.Ordinal;

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodes = typeof(System.Reflection.Emit.OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!)
        .ToDictionary(static code => code.Value);

    [Fact]
    public void No_cycle_of_the_engine_is_larger_than_a_reader_can_follow()
    {
        Dictionary<Type, HashSet<Type>> named = [];
        foreach (Type type in typeof(Address).Assembly.GetTypes().Where(static type => type.Namespace?.StartsWith(Engine, Exactly) == true))
        {
            Type outermost = Outermost(type);
            if (!named.TryGetValue(outermost, out HashSet<Type>? set))
            {
                named[outermost] = set = [];
            }

            set.UnionWith(NamedBy(type).SelectMany(Parts).Select(Outermost));
        }

        Assert.True(named.Count > 90, $"{named.Count} types are too few: the engine is elsewhere.");
        Type[] largest = Cycles(named).MaxBy(static cycle => cycle.Length)!;
        Assert.True(
            largest.Length <= LargestCycle,
            $"{largest.Length} types lead to each other: {string.Join(", ", largest.Select(static type => type.Name).Order())}");
        Assert.True(largest.Length == LargestCycle, $"The largest cycle has {largest.Length} types: lower the number here.");
    }

    /// <summary>The code of a method names what it calls, even if the text does not: a chain through properties counts.</summary>
    [Fact]
    public void NamedByCode_finds_types_that_only_the_code_of_a_method_names()
    {
        MethodInfo method = typeof(EngineCycleTests).GetMethod(nameof(Chain), Declared)!;
        Assert.Contains(typeof(Version), NamedByCode(method));
        Assert.Contains(typeof(OperatingSystem), NamedByCode(method));
    }

    private static int Chain() => Environment.OSVersion.Version.Major;

    private static IEnumerable<Type> NamedBy(Type type) =>
    [
        .. type.BaseType is { } parent ? [parent] : Type.EmptyTypes,
        .. type.GetInterfaces(),
        .. type.GetFields(Declared).Select(static field => field.FieldType),
        .. type.GetMethods(Declared).SelectMany(static method => NamedByCode(method).Append(method.ReturnType)),
        .. type.GetConstructors(Declared).SelectMany(NamedByCode),
    ];

    private static IEnumerable<Type> NamedByCode(MethodBase method)
    {
        IEnumerable<Type> named = method.GetParameters().Select(static parameter => parameter.ParameterType);
        if (method.GetMethodBody() is not { } body)
        {
            return named;
        }

        named = named.Concat(body.LocalVariables.Select(static variable => variable.LocalType));
        Type[] typeArguments = method.DeclaringType!.GetGenericArguments();
        Type[] methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        return named.Concat(
            Tokens(body.GetILAsByteArray()!)
                .Select(token => method.Module.ResolveMember(token, typeArguments, methodArguments))
                .SelectMany(static member => member switch
                {
                    Type type => [type],
                    FieldInfo field => [field.DeclaringType!, field.FieldType],
                    MethodInfo called => [called.DeclaringType!, called.ReturnType],
                    null => Type.EmptyTypes,
                    _ => [member.DeclaringType!],
                }));
    }

    /// <summary>The tokens of types, fields and methods in the code of a method.</summary>
    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (int at = 0; at < code.Length;)
        {
            short value = code[at] == 0xFE ? unchecked((short)((code[at] << 8) | code[at + 1])) : code[at];
            OpCode operation = OpCodes[value];
            at += operation.Size;
            switch (operation.OperandType)
            {
                case OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok:
                    yield return BitConverter.ToInt32(code, at);
                    at += 4;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + (4 * BitConverter.ToInt32(code, at));
                    break;
                default:
                    at += operation.OperandType switch
                    {
                        OperandType.InlineNone => 0,
                        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                        OperandType.InlineVar => 2,
                        OperandType.InlineI8 or OperandType.InlineR => 8,
                        _ => 4,
                    };
                    break;
            }
        }
    }

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type)
        : [type];

    /// <summary>The type of a file: nested types belong to it, what the compiler makes of its methods, and its generic forms.</summary>
    private static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type.IsGenericType ? type.GetGenericTypeDefinition() : type;
    }

    /// <summary>The strongly connected parts, by Tarjan.</summary>
    private static List<Type[]> Cycles(Dictionary<Type, HashSet<Type>> named)
    {
        Dictionary<Type, int> numbers = [];
        Dictionary<Type, int> lowest = [];
        Stack<Type> open = [];
        List<Type[]> cycles = [];
        foreach (Type type in named.Keys.Where(type => !numbers.ContainsKey(type)))
        {
            Visit(type);
        }

        return cycles;

        void Visit(Type type)
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            numbers[type] = lowest[type] = numbers.Count;
            open.Push(type);
            foreach (Type next in named[type].Where(named.ContainsKey))
            {
                if (!numbers.TryGetValue(next, out int number))
                {
                    Visit(next);
                    lowest[type] = Math.Min(lowest[type], lowest[next]);
                }
                else if (open.Contains(next))
                {
                    lowest[type] = Math.Min(lowest[type], number);
                }
            }

            if (lowest[type] == numbers[type])
            {
                List<Type> cycle = [];
                do
                {
                    cycle.Add(open.Pop());
                }
                while (cycle[^1] != type);
                cycles.Add([.. cycle]);
            }
        }
    }
}
