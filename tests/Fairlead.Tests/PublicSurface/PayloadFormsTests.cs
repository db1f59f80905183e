using System.Buffers;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace Fairlead.Tests.PublicSurface;

/// <summary>Every verb that carries a payload takes the same forms of it, on every pattern, blocking and awaited.</summary>
public sealed class PayloadFormsTests
{
    private static readonly MethodInfo[] Extensions =
    [
        .. typeof(Address).Assembly.GetExportedTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(ExtensionAttribute))),
    ];

    public static TheoryData<Type, string> Verbs
    {
        get
        {
            TheoryData<Type, string> verbs = [];
            foreach (Type type in new[] { typeof(Sender), typeof(Pair), typeof(Hub) })
            {
                foreach (string verb in new[] { "TrySend", "Send", "SendAsync", "Deliver", "DeliverAsync" })
                {
                    verbs.Add(type, verb);
                }
            }

            foreach ((Type type, string verb) in new[]
            {
                (typeof(Hub), "Broadcast"),
                (typeof(Publisher), "Publish"),
                (typeof(Requester), "Request"),
                (typeof(Requester), "Survey"),
                (typeof(Request), "Reply"),
            })
            {
                verbs.Add(type, verb);
                verbs.Add(type, verb + "Async");
            }

            return verbs;
        }
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void A_payload_has_the_same_forms_everywhere(Type pattern, string verb)
    {
        MethodInfo[] own = [.. pattern.GetMethods().Where(method => method.Name == verb)];
        MethodInfo[] added =
        [
            .. Extensions.Where(method =>
                method.Name == verb
                && method.GetParameters()[0].ParameterType == pattern
                && method.GetGenericArguments().Length < 2

                // Items with options are bytes; these methods are no further form of a payload.
                && !Array.Exists(method.GetParameters(), static parameter => parameter.ParameterType == typeof(WorkItemOptions))),
        ];
        Assert.Contains(own, Takes<ReadOnlySpan<byte>>);
        Assert.Contains(own, Takes<ReadOnlySequence<byte>>);
        Assert.Equal(verb.EndsWith("Async", StringComparison.Ordinal), own.Any(Takes<ReadOnlyMemory<byte>>));
        Assert.Contains(added, Takes<string>);
        Assert.Contains(added, method => TakesValueWith(method, typeof(JsonTypeInfo<>)));
        Assert.Contains(added, method => TakesValueWith(method, typeof(IMessageSerializer<>)));
        Assert.Contains(added, TakesUnmanaged);
        Assert.Equal(4, added.Length);
    }

    private static bool Takes<T>(MethodInfo method)
        where T : allows ref struct =>
        Payload(method).Any(type => type == typeof(T) || type == typeof(T).MakeByRefType());

    private static bool TakesValueWith(MethodInfo method, Type codec) =>
        Payload(method).Any(type => type.IsGenericType && type.GetGenericTypeDefinition() == codec);

    private static bool TakesUnmanaged(MethodInfo method) =>
        method.GetGenericArguments() is [{ GenericParameterAttributes: var attributes }]
        && attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);

    // A topic is text, too, but not the payload.
    private static IEnumerable<Type> Payload(MethodInfo method) =>
        method.GetParameters().Where(parameter => parameter.Name != "topic").Select(parameter => parameter.ParameterType);
}
