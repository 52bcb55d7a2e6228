// The ingest service of the brief's Go design in one file: net/http, go-redis, franz-go; INCR and EXPIRE for the
// rate, SETNX for the key, and a 202 only after Kafka's acknowledgement. A baseline for benchmarks, not a product.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
)

type server struct {
	redis  *redis.Client
	kafka  *kgo.Client
	topic  string
	limit  int64
	keys   map[string]string
	maxLen int64
}

type wrapper struct {
	TenantID       string          `json:"tenant_id"`
	ReceivedAt     string          `json:"received_at"`
	RequestID      string          `json:"request_id"`
	IdempotencyKey string          `json:"idempotency_key"`
	Event          json.RawMessage `json:"event"`
}

func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	h := hex.EncodeToString(b[:])
	return "req_" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]any{"error": map[string]string{"code": code}})
}

func (s *server) allowed(ctx context.Context, tenant string) (bool, error) {
	key := fmt.Sprintf("rl:{%s}:%d", tenant, time.Now().Unix()/60)
	pipe := s.redis.Pipeline()
	count := pipe.Incr(ctx, key)
	pipe.Expire(ctx, key, 2*time.Minute)
	if _, err := pipe.Exec(ctx); err != nil {
		return false, err
	}
	return count.Val() <= s.limit, nil
}

func (s *server) events(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	tenant, ok := s.keys[r.Header.Get("X-API-Key")]
	if !ok {
		refuse(w, 401, "UNAUTHORIZED")
		return
	}
	ok, err := s.allowed(ctx, tenant)
	if err != nil {
		refuse(w, 503, "UNAVAILABLE")
		return
	}
	if !ok {
		refuse(w, 429, "RATE_LIMITED")
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		refuse(w, 400, "MISSING_IDEMPOTENCY_KEY")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.maxLen))
	if err != nil {
		refuse(w, 413, "PAYLOAD_TOO_LARGE")
		return
	}
	var event map[string]json.RawMessage
	if json.Unmarshal(body, &event) != nil {
		refuse(w, 400, "INVALID_JSON")
		return
	}
	id := requestID()
	fresh, err := s.redis.SetNX(ctx, "idem:{"+tenant+"}:"+key, id, 30*time.Minute).Result()
	if err != nil {
		refuse(w, 503, "UNAVAILABLE")
		return
	}
	if fresh {
		value, err := json.Marshal(wrapper{tenant, time.Now().UTC().Format(time.RFC3339Nano), id, key, body})
		if err != nil {
			refuse(w, 400, "INVALID_JSON")
			return
		}
		record := &kgo.Record{Topic: s.topic, Key: []byte(tenant + ":" + key), Value: value}
		if s.kafka.ProduceSync(ctx, record).FirstErr() != nil {
			refuse(w, 503, "UNAVAILABLE")
			return
		}
	}
	answer(w, 202, map[string]any{"status": "accepted", "request_id": id, "duplicate": !fresh})
}

func main() {
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	kafka, err := kgo.NewClient(
		kgo.SeedBrokers(os.Getenv("KAFKA_BROKERS")),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	if err != nil {
		log.Fatal(err)
	}
	limit, err := strconv.ParseInt(os.Getenv("RATE_LIMIT_PER_MIN"), 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	s := &server{redis.NewClient(options), kafka, os.Getenv("TOPIC_RAW"), limit,
		map[string]string{"key_a": "tenant_a", "key_b": "tenant_b"}, 262144}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /events", s.events)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]string{"status": "ok"}) })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("INGEST_PORT"), mux))
}
